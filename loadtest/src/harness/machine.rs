//! What a process takes of the machine, as `/proc` tells it.

use std::time::{Duration, Instant};

use super::meter::Figures;

/// How long one tick of `/proc/PID/stat` is. 10 ms: the kernel tells user space 100 Hz whatever it
/// uses itself.
const TICK: Duration = Duration::from_millis(10);

/// One reading of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// When.
    pub at: Instant,
    /// The time on a processor so far, in user space and in the kernel.
    pub cpu: Duration,
    /// The memory in use (resident), in KiB.
    pub rss_kib: u64,
}

impl Reading {
    /// Reads process `pid`; none if it is gone.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Some(Self { at: Instant::now(), cpu: cpu(&stat)?, rss_kib: rss(&status)? })
    }

    /// How many processors it kept busy since `earlier`.
    #[must_use]
    pub fn cores_since(&self, earlier: &Self) -> f64 {
        let time = self.at.duration_since(earlier.at).as_secs_f64().max(0.001);
        self.cpu.saturating_sub(earlier.cpu).as_secs_f64() / time
    }
}

/// The fields 14 and 15; the name in field 2 may hold anything, so they are counted from behind it.
fn cpu(stat: &str) -> Option<Duration> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some(TICK * (ticks(11)? + ticks(12)?))
}

fn rss(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Readings of one server through a run. After a restart it is another process.
#[derive(Debug, Default)]
pub struct Usage {
    readings: Vec<(u32, Reading)>,
}

impl Usage {
    /// Takes one more reading.
    pub fn read(&mut self, pid: u32) {
        if let Some(reading) = Reading::of(pid) {
            self.readings.push((pid, reading));
        }
    }

    /// The cores in use between each two readings, with the seconds since the first.
    #[must_use]
    pub fn cores(&self) -> Vec<(f64, f64)> {
        let Some((_, first)) = self.readings.first() else { return Vec::new() };
        let pairs = self.readings.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        pairs
            .map(|pair| {
                let seconds = pair[1].1.at.duration_since(first.at).as_secs_f64();
                (seconds, pair[1].1.cores_since(&pair[0].1))
            })
            .collect()
    }

    /// The memory at each reading in MiB, with the seconds since the first.
    #[must_use]
    pub fn memory(&self) -> Vec<(f64, f64)> {
        let Some((_, first)) = self.readings.first() else { return Vec::new() };
        let seconds = |reading: &Reading| reading.at.duration_since(first.at).as_secs_f64();
        self.readings.iter().map(|(_, r)| (seconds(r), r.rss_kib as f64 / 1024.0)).collect()
    }

    /// `server.cpu_cores` (the mean while people came) and `server.rss_max_mib`.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let cores = self.cores();
        let mean = cores.iter().map(|(_, cores)| cores).sum::<f64>() / cores.len().max(1) as f64;
        let most = self.memory().iter().map(|(_, mib)| *mib).fold(0.0, f64::max);
        Figures::from([("server.cpu_cores".into(), mean), ("server.rss_max_mib".into(), most)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_tells_is_read_whatever_the_process_is_called() {
        let stat = "77 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 5 0";
        assert_eq!(cpu(stat), Some(Duration::from_secs(2)));
        assert_eq!(rss("Name:\tx\nVmRSS:\t  1234 kB\n"), Some(1234));
        let own = Reading::of(std::process::id()).unwrap();
        assert!(own.rss_kib > 100);
    }
}
