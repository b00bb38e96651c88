;; Asks for folders, files and sockets. Each must be refused: no descriptor leads to one.
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $folder (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "../../../etc/shadow")
  (func (export "_start") (local $fd i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 64))
    (loop $next
      (if (i32.gt_u (local.get $fd) (i32.const 2)) (then
        (if (i32.ne (call $folder (local.get $fd) (i32.const 16)) (i32.const 8)) (then (unreachable)))
        (if (i32.ne (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 32))
              (i32.const 8)) (then (unreachable)))))
      (if (i32.ne (call $open (local.get $fd) (i32.const 1) (i32.const 64) (i32.const 19) (i32.const 0)
            (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 16))
            (i32.const 76)) (then (unreachable)))
      (if (i32.ne (call $accept (local.get $fd) (i32.const 0) (i32.const 16)) (i32.const 76))
        (then (unreachable)))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $fd) (i32.const 1000))))
    (if (i32.ne (call $read (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 32)) (i32.const 8))
      (then (unreachable)))))
