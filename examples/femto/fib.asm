; 42 rounds of Fibonacci with numbers of 32 bits in memory, highest byte first.
; MOV leaves the flags alone, so that each byte is added with the carry of the one below it.

        JMP round

this0:  DB 0                ; the latest number, 1
this1:  DB 0
this2:  DB 0
this3:  DB 1
last0:  DB 0                ; the one before it, 0
last1:  DB 0
last2:  DB 0
last3:  DB 0
rounds: DB 42

round:  MOV A, [this3]
        MOV B, A
        ADD B, [last3]
        MOV [last3], A
        MOV [this3], B
        MOV A, [this2]
        MOV B, A
        ADC B, [last2]
        MOV [last2], A
        MOV [this2], B
        MOV A, [this1]
        MOV B, A
        ADC B, [last1]
        MOV [last1], A
        MOV [this1], B
        MOV A, [this0]
        MOV B, A
        ADC B, [last0]
        MOV [last0], A
        MOV [this0], B
        MOV A, [rounds]
        DEC A
        MOV [rounds], A
        CMP A, 0
        JNE round

        MOV B, 4            ; the latest number goes to the output
        MOV C, this0
        MOV D, 232
.next:  MOV A, [C]
        MOV [D], A
        INC C
        INC D
        DEC B
        JNZ .next
        HLT
