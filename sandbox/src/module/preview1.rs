//! WASI preview 1, as much of it as a program without files and sockets needs: arguments, variables,
//! the three streams, clocks, chance, sleeping, ending.
//!
//! Every other function of preview 1 is there and answers `notcapable`: a module that asks is told
//! that it may not, and goes on. Source: WebAssembly/WASI, `preview1/docs.md`.

use std::fs::File;
use std::io::Read;

use nix::errno::Errno as Os;
use nix::time::{ClockId, clock_getres, clock_gettime};
use wasmtime::{Caller, Error, FuncType, Linker, Memory, Val, ValType};

use super::world::{self, Exit, Way, World};

const MODULE: &str = "wasi_snapshot_preview1";

/// Bytes of one read or write. 1 MiB: the rest is told as not done yet, as POSIX allows.
const PIECE_BYTES: usize = 1 << 20;

/// Buffers of one read or write, as of Linux's `IOV_MAX`.
const BUFFERS_MAX: u32 = 1024;

/// What a module may wait for at once. 1,024, as for buffers.
const WAITS_MAX: u32 = 1024;

/// Why not, in the numbers of preview 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    BadFile = 8,
    Fault = 21,
    Invalid = 28,
    Io = 29,
    Pipe = 64,
    NoSeek = 70,
    NotCapable = 76,
}

type Done = Result<(), Why>;
type Host<'a> = Caller<'a, World>;

fn code(done: Done) -> i32 {
    done.map_or_else(|why| why as i32, |()| 0)
}

/// Functions that no module here may use, by the letters of their parameters: `i` 32 bits, `I` 64.
const REFUSED: [(&str, &str); 29] = [
    ("fd_advise", "iIIi"),
    ("fd_allocate", "iII"),
    ("fd_datasync", "i"),
    ("fd_fdstat_set_rights", "iII"),
    ("fd_filestat_set_size", "iI"),
    ("fd_filestat_set_times", "iIIi"),
    ("fd_pread", "iiiIi"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_pwrite", "iiiIi"),
    ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"),
    ("fd_sync", "i"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("proc_raise", "i"),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_tell", "ii"),
];

/// Gives modules the functions of preview 1.
pub(super) fn give(linker: &mut Linker<World>) -> Result<(), Error> {
    for (name, letters) in REFUSED {
        let of = |letter| if letter == 'I' { ValType::I64 } else { ValType::I32 };
        let kind = FuncType::new(linker.engine(), letters.chars().map(of), [ValType::I32]);
        linker.func_new(MODULE, name, kind, |_, _, results| {
            results[0] = Val::I32(Why::NotCapable as i32);
            Ok(())
        })?;
    }
    words(linker)?;
    streams(linker)?;
    linker.func_wrap(MODULE, "clock_res_get", |mut c: Host<'_>, id: i32, at: i32| {
        code(clock(id).and_then(|id| put_time(&mut c, at, clock_getres(id))))
    })?;
    linker.func_wrap(MODULE, "clock_time_get", |mut c: Host<'_>, id: i32, _: i64, at: i32| {
        code(clock(id).and_then(|id| put_time(&mut c, at, clock_gettime(id))))
    })?;
    linker.func_wrap(MODULE, "random_get", |mut c: Host<'_>, at: i32, len: i32| {
        code(chance(&mut c, at, len))
    })?;
    linker.func_wrap(
        MODULE,
        "poll_oneoff",
        |mut c: Host<'_>, waits: i32, events: i32, count: i32, told: i32| {
            code(poll(&mut c, waits, events, count as u32, told))
        },
    )?;
    linker.func_wrap(MODULE, "sched_yield", || {
        std::thread::yield_now();
        0
    })?;
    linker.func_wrap(MODULE, "proc_exit", |status: i32| -> Result<(), Error> {
        // A process has 8 bits of status; what does not fit must not look like success.
        Err(Exit(u8::try_from(status).unwrap_or(u8::MAX).into()).into())
    })?;
    Ok(())
}

/// Arguments and variables: sizes, and then all of them.
fn words(linker: &mut Linker<World>) -> Result<(), Error> {
    type Pick = fn(&World) -> &Vec<Vec<u8>>;
    let kinds: [(&str, &str, Pick); 2] = [
        ("args_sizes_get", "args_get", |world| &world.arguments),
        ("environ_sizes_get", "environ_get", |world| &world.environment),
    ];
    for (sizes, all, pick) in kinds {
        linker.func_wrap(MODULE, sizes, move |mut c: Host<'_>, count: i32, bytes: i32| {
            let words = pick(c.data());
            let (n, size) = (words.len(), words.iter().map(Vec::len).sum::<usize>());
            code(put_u32(&mut c, count, n).and_then(|()| put_u32(&mut c, bytes, size)))
        })?;
        linker.func_wrap(MODULE, all, move |mut c: Host<'_>, starts: i32, bytes: i32| {
            let words = pick(c.data()).clone();
            let (mut start, mut at) = (starts, bytes);
            let mut each = |word: &Vec<u8>| {
                put_u32(&mut c, start, at as u32 as usize)?;
                put(&mut c, at, word)?;
                start = start.wrapping_add(4);
                at = at.wrapping_add(i32::try_from(word.len()).map_err(|_| Why::Invalid)?);
                Ok(())
            };
            code(words.iter().try_for_each(&mut each))
        })?;
    }
    Ok(())
}

fn streams(linker: &mut Linker<World>) -> Result<(), Error> {
    linker.func_wrap(MODULE, "fd_close", |mut c: Host<'_>, fd: i32| {
        code(if c.data_mut().close(fd) { Ok(()) } else { Err(Why::BadFile) })
    })?;
    linker.func_wrap(MODULE, "fd_fdstat_get", |mut c: Host<'_>, fd: i32, at: i32| {
        code(fdstat(&mut c, fd, at))
    })?;
    linker.func_wrap(MODULE, "fd_filestat_get", |mut c: Host<'_>, fd: i32, at: i32| {
        // All zero: of unknown kind and size.
        code(open(&c, fd).and_then(|()| put(&mut c, at, &[0; 64])))
    })?;
    linker.func_wrap(MODULE, "fd_prestat_get", |_: i32, _: i32| Why::BadFile as i32)?;
    linker.func_wrap(MODULE, "fd_seek", |c: Host<'_>, fd: i32, _: i64, _: i32, _: i32| {
        code(open(&c, fd).and(Err(Why::NoSeek)))
    })?;
    linker.func_wrap(
        MODULE,
        "fd_read",
        |mut c: Host<'_>, fd: i32, buffers: i32, count: i32, told: i32| {
            let read = transfer(&mut c, fd, Way::In, buffers, count as u32);
            code(read.and_then(|n| put_u32(&mut c, told, n)))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "fd_write",
        |mut c: Host<'_>, fd: i32, buffers: i32, count: i32, told: i32| {
            let written = transfer(&mut c, fd, Way::Out, buffers, count as u32);
            code(written.and_then(|n| put_u32(&mut c, told, n)))
        },
    )?;
    Ok(())
}

fn open(c: &Host<'_>, fd: i32) -> Done {
    if c.data().is_open(fd) { Ok(()) } else { Err(Why::BadFile) }
}

/// `fdstat`: kind (unknown: no terminal), flags, rights (read or write), rights of what it opens.
fn fdstat(c: &mut Host<'_>, fd: i32, at: i32) -> Done {
    let way = c.data().way(fd).ok_or(Why::BadFile)?;
    let rights: u64 = if way == Way::In { 1 << 1 } else { 1 << 6 };
    let mut stat = [0; 24];
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    put(c, at, &stat)
}

/// Reads into or writes from the buffers: how many bytes.
fn transfer(
    c: &mut Host<'_>,
    fd: i32,
    wanted: Way,
    buffers: i32,
    count: u32,
) -> Result<usize, Why> {
    if c.data().way(fd) != Some(wanted) {
        return Err(Why::BadFile);
    }
    if count > BUFFERS_MAX {
        return Err(Why::Invalid);
    }
    let memory = memory(c)?;
    let mut done = 0;
    for n in 0..count {
        let entry = u64::from(buffers as u32) + u64::from(n) * 8;
        let (start, len) = (get_u32(c, entry)?, get_u32(c, entry + 4)?);
        let len = (len as usize).min(PIECE_BYTES - done);
        let bytes = part(memory.data_mut(&mut *c), start.into(), len)?;
        let moved = match wanted {
            Way::In => world::read(bytes).map_err(of_system),
            Way::Out => world::write(fd, bytes).map(|()| len).map_err(of_system),
        };
        done += match moved {
            Ok(moved) => moved,
            // What was done before is told; the next call meets the error again.
            Err(_) if done > 0 => break,
            Err(why) => return Err(why),
        };
        // A read that did not fill its buffer would wait for more.
        if done == PIECE_BYTES || (wanted == Way::In && (done < len || len > 0)) {
            break;
        }
    }
    Ok(done)
}

fn of_system(errno: Os) -> Why {
    if errno == Os::EPIPE { Why::Pipe } else { Why::Io }
}

fn clock(id: i32) -> Result<ClockId, Why> {
    Ok(match id {
        0 => ClockId::CLOCK_REALTIME,
        1 => ClockId::CLOCK_MONOTONIC,
        2 => ClockId::CLOCK_PROCESS_CPUTIME_ID,
        3 => ClockId::CLOCK_THREAD_CPUTIME_ID,
        _ => return Err(Why::Invalid),
    })
}

type Time = Result<nix::sys::time::TimeSpec, Os>;

fn nanoseconds(time: Time) -> Result<u64, Why> {
    let time = std::time::Duration::from(time.map_err(of_system)?);
    u64::try_from(time.as_nanos()).map_err(|_| Why::Invalid)
}

fn put_time(c: &mut Host<'_>, at: i32, time: Time) -> Done {
    put(c, at, &nanoseconds(time)?.to_le_bytes())
}

fn chance(c: &mut Host<'_>, at: i32, len: i32) -> Done {
    let memory = memory(c)?;
    let bytes = part(memory.data_mut(c), u64::from(at as u32), len as u32 as usize)?;
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(bytes));
    read.map_err(|_| Why::Io)
}

/// One thing that a module waits for, 48 bytes: what it calls it, what it is, until when.
struct Wait {
    name: u64,
    kind: u8,
    nanoseconds: u64,
}

/// Waits for the first of several things. A stream counts as ready: reading or writing it waits.
fn poll(c: &mut Host<'_>, waits: i32, events: i32, count: u32, told: i32) -> Done {
    if count == 0 || count > WAITS_MAX {
        return Err(Why::Invalid);
    }
    let waits = (0..count).map(|n| wait(c, u64::from(waits as u32) + u64::from(n) * 48));
    let waits = waits.collect::<Result<Vec<Wait>, Why>>()?;
    let mut ready: Vec<&Wait> = waits.iter().filter(|wait| wait.kind != 0).collect();
    if ready.is_empty() {
        let first = waits.iter().min_by_key(|wait| wait.nanoseconds).ok_or(Why::Invalid)?;
        world::sleep(first.nanoseconds);
        ready.push(first);
    }
    for (n, wait) in ready.iter().enumerate() {
        let mut event = [0; 32];
        event[..8].copy_from_slice(&wait.name.to_le_bytes());
        event[10] = wait.kind;
        event[16] = u8::from(wait.kind != 0);
        put_at(c, u64::from(events as u32) + n as u64 * 32, &event)?;
    }
    put_u32(c, told, ready.len())
}

fn wait(c: &mut Host<'_>, at: u64) -> Result<Wait, Why> {
    let memory = memory(c)?;
    let bytes = part(memory.data_mut(&mut *c), at, 48)?;
    let word =
        |from: usize| u64::from_le_bytes(bytes[from..from + 8].try_into().expect("8 bytes are 8"));
    let (name, kind, until) = (word(0), bytes[8], word(24));
    let id = i32::from_le_bytes(bytes[16..20].try_into().expect("4 bytes are 4"));
    let absolute = bytes[40] & 1 == 1;
    match kind {
        0 if absolute => {
            let now = nanoseconds(clock_gettime(clock(id)?))?;
            Ok(Wait { name, kind, nanoseconds: until.saturating_sub(now) })
        }
        0 => clock(id).map(|_| Wait { name, kind, nanoseconds: until }),
        1 | 2 => Ok(Wait { name, kind, nanoseconds: 0 }),
        _ => Err(Why::Invalid),
    }
}

fn memory(c: &mut Host<'_>) -> Result<Memory, Why> {
    c.get_export("memory").and_then(wasmtime::Extern::into_memory).ok_or(Why::Fault)
}

/// `len` bytes from `start` on, all of them within the module's memory.
fn part(memory: &mut [u8], start: u64, len: usize) -> Result<&mut [u8], Why> {
    let start = usize::try_from(start).map_err(|_| Why::Fault)?;
    let end = start.checked_add(len).ok_or(Why::Fault)?;
    memory.get_mut(start..end).ok_or(Why::Fault)
}

fn put_at(c: &mut Host<'_>, at: u64, bytes: &[u8]) -> Done {
    let memory = memory(c)?;
    part(memory.data_mut(c), at, bytes.len())?.copy_from_slice(bytes);
    Ok(())
}

fn put(c: &mut Host<'_>, at: i32, bytes: &[u8]) -> Done {
    put_at(c, u64::from(at as u32), bytes)
}

fn put_u32(c: &mut Host<'_>, at: i32, value: usize) -> Done {
    let value = u32::try_from(value).map_err(|_| Why::Invalid)?;
    put(c, at, &value.to_le_bytes())
}

fn get_u32(c: &mut Host<'_>, at: u64) -> Result<u32, Why> {
    let memory = memory(c)?;
    let bytes = part(memory.data_mut(c), at, 4)?;
    Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| Why::Fault)?))
}
