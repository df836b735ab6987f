;; Calls two other modules: 2 × (a + b).
(module
  (import "adder" "add" (func $add (param i32 i32) (result i32)))
  (import "api-demo-c" "twice" (func $twice (param i32) (result i32)))
  (func (export "process") (param $a i32) (param $b i32) (result i32)
    (call $twice (call $add (local.get $a) (local.get $b)))))
