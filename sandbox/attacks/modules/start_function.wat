;; Computes for ever before it is even started.
(module
  (memory (export "memory") 1)
  (func $first (loop $again (br $again)))
  (start $first)
  (func (export "_start")))
