;; Takes memory until it gets no more, and touches every page of it.
(module
  (memory (export "memory") 1)
  (func (export "_start") (local $at i32)
    (loop $again
      (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (br $again))))
    (loop $touch
      (i32.store8 (local.get $at) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $touch
        (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))))
