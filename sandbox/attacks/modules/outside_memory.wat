;; Reads far behind its memory, where the host's own might be.
(module
  (memory (export "memory") 1)
  (func (export "_start") (drop (i64.load offset=4294967280 (i32.const -8)))))
