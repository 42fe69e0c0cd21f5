//! The figures of the process, under the names that all Prometheus clients use.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};
use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, getrlimit},
};

/// Reads the figures at each scrape. What the system does not tell is left out.
#[derive(Debug)]
pub(super) struct ProcessFigures {
    /// The start of the process, in Unix time.
    pub(super) start_time_s: f64,
}

impl Collector for ProcessFigures {
    #[allow(clippy::cast_precision_loss)] // all figures are far below 2^53
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| match value {
            Some(value) => {
                let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                ConstGauge::new(value).encode(metric)
            }
            None => Ok(()),
        };
        gauge(
            "process_start_time_seconds",
            "Start of the process, in Unix time",
            Some(self.start_time_s),
        )?;
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The name in parentheses may contain spaces. The fields are numbered as in proc(5).
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        gauge(
            "process_virtual_memory_bytes",
            "Virtual memory of the process",
            field(23).map(|bytes| bytes as f64),
        )?;
        gauge(
            "process_resident_memory_bytes",
            "Memory of the process that is in RAM",
            field(24).map(|pages| pages as f64 * page_size() as f64),
        )?;
        // The directory that is read is open itself.
        let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1));
        gauge("process_open_fds", "Open file descriptors", open.map(|count| count as f64))?;
        let limit = getrlimit(Resource::Nofile).current;
        gauge("process_max_fds", "Most open file descriptors", limit.map(|count| count as f64))?;
        if let Some(ticks) = field(14).zip(field(15)).map(|(user, system)| user + system) {
            let seconds = ticks as f64 / clock_ticks_per_second() as f64;
            let metric = encoder.encode_descriptor(
                "process_cpu_seconds",
                "CPU time of the process, in user and system mode",
                None,
                MetricType::Counter,
            )?;
            ConstCounter::new(seconds).encode(metric)?;
        }
        Ok(())
    }
}
