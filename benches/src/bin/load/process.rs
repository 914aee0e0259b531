use std::{fs, io, time::Duration};

/// The CPU time a process has used, its threads and the kernel's work for it included; in steps of 10 ms, as Linux counts.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold anything; what follows it is numbers.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).ok_or(io::ErrorKind::InvalidData)?;
    let ticks: Option<u64> = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks.ok_or(io::ErrorKind::InvalidData)? * 10))
}

/// The memory of a process in KiB: what it holds now, and the most it has held.
pub fn memory(pid: u32) -> io::Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
    };
    kib("VmRSS").zip(kib("VmHWM")).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
