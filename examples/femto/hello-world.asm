; Copies a text to the output, byte by byte.

        JMP start

text:   DB "Hello World!"
        DB 0                ; the end of the text

start:  MOV C, text         ; from
        MOV D, 232          ; to: the output
        CALL copy
        HLT

; Copies bytes from [C] to [D] up to a zero. A and B are left as they were; C and D end behind the last byte.
copy:   PUSH A
        PUSH B
        MOV B, 0
.next:  MOV A, [C]
        MOV [D], A
        INC C
        INC D
        CMP B, [C]
        JNE .next
        POP B
        POP A
        RET
