;; Counts arguments and variables: the file's own name, and HOME, LANG, PATH, TMPDIR.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variables (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (call $args (i32.const 0) (i32.const 4)) (then (unreachable)))
    (if (call $variables (i32.const 8) (i32.const 12)) (then (unreachable)))
    (if (i32.ne (i32.load (i32.const 0)) (i32.const 1)) (then (unreachable)))
    (if (i32.ne (i32.load (i32.const 8)) (i32.const 4)) (then (unreachable)))))
