;; Takes entries of a table until it gets no more.
(module
  (memory (export "memory") 1)
  (table $all 1 funcref)
  (func (export "_start")
    (loop $again
      (if (i32.ne (table.grow $all (ref.null func) (i32.const 10000)) (i32.const -1))
        (then (br $again))))
    (if (i32.gt_u (table.size $all) (i32.const 1000000)) (then (unreachable)))))
