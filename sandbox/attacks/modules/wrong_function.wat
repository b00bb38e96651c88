;; Calls a function through a table as if it were of another type.
(module
  (memory (export "memory") 1)
  (type $other (func (param i64 i64 i64) (result i64)))
  (table funcref (elem $none))
  (func $none)
  (func (export "_start")
    (drop (call_indirect (type $other) (i64.const 1) (i64.const 2) (i64.const 3) (i32.const 0)))))
