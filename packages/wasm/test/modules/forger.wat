;; Uses handles and pointers that it was never given.
(module
  (import "core" "read_exchange_buffer" (func $read (param i32 i32 i32) (result i32)))
  (import "core" "get_input_buffer_id" (func $input (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "handle") (drop (call $read (i32.const 65537) (i32.const 0) (i32.const 8))))
  (func (export "pointer") (drop (call $read (call $input) (i32.const -8) (i32.const 100))))
  ;; 8: there is no such descriptor. 21: a pointer that leads nowhere.
  (func (export "descriptor")
    (if (i32.ne (call $write (i32.const 99) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 8)) (then unreachable)))
  (func (export "list")
    (if (i32.ne (call $write (i32.const 1) (i32.const -4) (i32.const 1000000000) (i32.const 16)) (i32.const 21)) (then unreachable))))
