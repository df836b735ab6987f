;; Never gets as far as being called.
(module
  (func $spin (loop $again (br $again)))
  (func (export "run") (result i32) (i32.const 1))
  (start $spin))
