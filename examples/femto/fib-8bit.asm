; Ten rounds of Fibonacci in registers. The latest number is always in the output.

        MOV A, 1            ; the latest number
        MOV B, 0            ; the one before it
        MOV C, 10           ; rounds
.round: CALL next
        MOV [232], A
        DEC C
        CMP C, 0
        JNZ .round
        HLT

; A and B go on by one number: the stack keeps the latest while it is added to.
next:   PUSH A
        ADD A, B
        POP B
        RET
