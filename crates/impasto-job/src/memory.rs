//! The memory of the machine, and the memory that this process has used.

/// The share of the machine's memory that a run may take by default. It is a share of all memory, not of the free
/// memory, so that the same job gives the same bytes.
const SHARE: f64 = 0.75;

/// The memory that a run may take by default, in bytes: three quarters of the memory of the machine or its container.
pub fn default_memory() -> Option<usize> {
    let kind = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system = sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(kind));
    let machine = system.total_memory();
    let container = system.cgroup_limits().map_or(machine, |limits| limits.total_memory);
    let total = machine.min(container);
    (total > 0).then_some((total as f64 * SHARE) as usize)
}

/// The bytes of a size such as `4G`, `800M` or `3GiB`; `None` if the text is no size.
pub fn bytes_of(text: &str) -> Option<u64> {
    parse_size::parse_size(text).ok()
}

/// The peak resident memory of this process so far, in bytes. Only Linux reports it.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
