//! WebAssembly modules: a second wall inside the jail.
//!
//! A module runs in wasmtime, and wasmtime runs in a jail like any other program: whoever breaks out
//! of the first stands in the second. The program in the jail is the [helper](crate::Config::helper)
//! itself, started once more with [`ARGUMENT`].
//!
//! A module is counted by *fuel* (about one unit an instruction, the same on every machine, if a
//! bound is asked for) and interrupted by *epochs* (a thread looks at the processor time).
//! Its outside world is WASI preview 1 without files and sockets (`preview1`).

mod preview1;
mod world;

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use nix::time::{ClockId, clock_gettime};
use wasmtime::{
    Config, Engine, Error, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, Trap,
};

use self::world::World;
use crate::image::Image;
use crate::limits::Limits;
use crate::spec::{InputFile, Spec};

/// The first argument with which the program is started as the host of a module.
pub(crate) const ARGUMENT: &str = "playhouse-sandbox-module";

/// Where the jail shows the host.
const HOST: &str = "/module-host";

/// Under which name the module lies in `/work`.
const FILE: &str = "module.wasm";

/// How often the host looks at the processor time. 5 ms: as exact as the supervisor is.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Stack of a module in bytes. 1 MiB: what compilers reckon with; the host's own has 8.
const STACK_BYTES: usize = 1 << 20;

/// Entries of a module's tables together. 1,000,000, 16 MB of the job's memory.
const TABLE_ENTRIES: usize = 1_000_000;

/// Exit status of a host that could not start the module. As of shells: found, but not executable.
const NOT_STARTED: i32 = 126;

/// What a module ended with, as a signal that the host raises against itself: no module can.
pub(crate) const OUT_OF_FUEL: Signal = Signal::SIGUSR1;
/// As [`OUT_OF_FUEL`].
pub(crate) const TRAPPED: Signal = Signal::SIGTRAP;

impl Spec {
    /// A job that is a WebAssembly module (binary, or text as in `.wat` files) with WASI preview 1
    /// and a function `_start`; `host` is the sandbox's [helper](crate::Config::helper). `fuel`
    /// bounds its instructions, if given.
    ///
    /// Compiling it counts as its time and memory. It has no files and no sockets.
    ///
    /// # Errors
    ///
    /// `host` cannot be found.
    pub fn module<T: Into<String>>(
        host: &Path,
        module: Vec<u8>,
        arguments: impl IntoIterator<Item = T>,
        fuel: Option<u64>,
    ) -> std::io::Result<Self> {
        let mut image = Image::libraries();
        image.bind(fs::canonicalize(host)?, HOST);
        let mut spec = Self::new(image, [HOST, ARGUMENT, FILE]);
        spec.arguments.extend(arguments.into_iter().map(Into::into));
        spec.files.push(InputFile { name: FILE.into(), bytes: module, executable: false });
        spec.module = Some(fuel);
        Ok(spec)
    }

    /// The arguments as the jail is given them: a module's host is told the module's bounds.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = self.arguments.clone();
        if let (Some(fuel), true) = (self.module, words.len() >= 3) {
            let fuel = fuel.map_or("-".to_owned(), |fuel| fuel.to_string());
            let Limits { cpu_ms, memory_bytes, .. } = self.limits;
            words.splice(2..2, [fuel, cpu_ms.to_string(), memory_bytes.to_string()]);
        }
        words
    }
}

/// What the host is told.
struct Order {
    fuel: Option<u64>,
    cpu: Duration,
    memory_bytes: usize,
    file: String,
    arguments: Vec<String>,
}

impl Order {
    /// Out of the words behind [`ARGUMENT`].
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let fuel = words.next()?;
        let fuel = if fuel == "-" { None } else { Some(fuel.parse().ok()?) };
        let cpu = Duration::from_millis(words.next()?.parse().ok()?);
        let memory_bytes = words.next()?.parse().ok()?;
        let file = words.next()?;
        let arguments = std::iter::once(file.clone()).chain(words).collect();
        Some(Self { fuel, cpu, memory_bytes, file, arguments })
    }
}

/// How a module ended.
enum Ended {
    /// By itself, with this status.
    Status(i32),
    /// It used up its fuel.
    OutOfFuel,
    /// It used up the job's processor time.
    OutOfTime,
    /// A trap, in words.
    Trapped(String),
}

/// Runs the module that the arguments name, and ends this process as it ended.
pub(crate) fn host(words: impl Iterator<Item = String>) -> ! {
    let ended = Order::read(words).ok_or_else(|| Error::msg("the host was told nothing"));
    let ended = ended.and_then(|order| run(&order));
    let signal = match ended {
        Ok(Ended::Status(status)) => std::process::exit(status),
        Ok(Ended::OutOfFuel) => {
            eprintln!("the module used up its fuel");
            OUT_OF_FUEL
        }
        Ok(Ended::OutOfTime) => Signal::SIGXCPU,
        Ok(Ended::Trapped(why)) => {
            eprintln!("the module trapped: {why}");
            TRAPPED
        }
        Err(error) => {
            eprintln!("the module was not started: {error:#}");
            std::process::exit(NOT_STARTED);
        }
    };
    let _ = raise(signal);
    std::process::exit(NOT_STARTED)
}

fn run(order: &Order) -> Result<Ended, Error> {
    let mut config = Config::new();
    config.consume_fuel(order.fuel.is_some()).epoch_interruption(true);
    config.max_wasm_stack(STACK_BYTES);
    let engine = Engine::new(&config)?;
    let bytes = fs::read(&order.file)?;
    let module = Module::new(&engine, bytes)?;
    let limits: StoreLimits = StoreLimitsBuilder::new()
        .memory_size(order.memory_bytes)
        .table_elements(TABLE_ENTRIES)
        .instances(1)
        .build();
    let mut store = Store::new(&engine, World::new(&order.arguments, limits));
    store.limiter(|world| &mut world.limits);
    if let Some(fuel) = order.fuel {
        store.set_fuel(fuel)?;
    }
    store.set_epoch_deadline(1);
    interrupt_after(&engine, order.cpu)?;
    let mut linker = Linker::new(&engine);
    preview1::give(&mut linker)?;
    // Its start function runs here already.
    let done = linker.instantiate(&mut store, &module).and_then(|instance| {
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
        let start = start.map_err(|e| e.context("it has no function '_start'"))?;
        start.call(&mut store, ())
    });
    match done {
        Ok(()) => Ok(Ended::Status(0)),
        Err(error) => ended(error),
    }
}

/// What an error of a module means. One that is none of its own doing is handed on.
fn ended(error: Error) -> Result<Ended, Error> {
    if let Some(world::Exit(status)) = error.downcast_ref() {
        return Ok(Ended::Status(*status));
    }
    match error.downcast_ref() {
        Some(Trap::OutOfFuel) => Ok(Ended::OutOfFuel),
        Some(Trap::Interrupt) => Ok(Ended::OutOfTime),
        Some(trap) => Ok(Ended::Trapped(trap.to_string())),
        None => Err(error),
    }
}

/// Interrupts modules once this process used `cpu` of processor time.
fn interrupt_after(engine: &Engine, cpu: Duration) -> std::io::Result<()> {
    let engine = engine.clone();
    let used = move || clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(cpu, Duration::from);
    let look = move || {
        while used() < cpu {
            std::thread::sleep(LOOK_EVERY);
        }
        engine.increment_epoch();
    };
    std::thread::Builder::new().name("epochs".into()).stack_size(64 << 10).spawn(look).map(drop)
}
