import { readdirSync } from 'node:fs';
import type { Metrics } from './metrics.ts';

/** How often the event loop is asked how late it is. Rare enough to cost nothing, often enough to catch a stall. */
const LAG_SAMPLE_MS = 500;

/** Registers memory, CPU, descriptors, event-loop lag and uptime of this process. The function that is returned ends the sampling. */
export function registerProcessMetrics(metrics: Metrics): () => void {
  registerUsage(metrics);
  registerAge(metrics);
  return sampleLag(metrics);
}

function registerUsage(metrics: Metrics): void {
  const resident = metrics
    .gauge({
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process that is in RAM; what the container limit counts.',
    })
    .with();
  const heapUsed = metrics
    .gauge({ name: 'nodejs_heap_size_used_bytes', help: 'JavaScript heap in use.' })
    .with();
  const heapTotal = metrics
    .gauge({ name: 'nodejs_heap_size_total_bytes', help: 'JavaScript heap reserved.' })
    .with();
  const external = metrics
    .gauge({
      name: 'nodejs_external_memory_bytes',
      help: 'Memory of buffers outside the JavaScript heap; grows with bytes in flight.',
    })
    .with();
  const descriptors = metrics
    .gauge({ name: 'process_open_fds', help: 'Open file descriptors; 0 where the system does not tell.' })
    .with();
  metrics.onCollect(() => {
    const usage = process.memoryUsage();
    resident.set(usage.rss);
    heapUsed.set(usage.heapUsed);
    heapTotal.set(usage.heapTotal);
    external.set(usage.external);
    descriptors.set(countDescriptors());
  });
}

function registerAge(metrics: Metrics): void {
  const cpu = metrics
    .counter({ name: 'process_cpu_seconds_total', help: 'User and system CPU time spent.' })
    .with();
  const uptime = metrics
    .gauge({ name: 'process_uptime_seconds', help: 'Time since the process began.' })
    .with();
  metrics
    .gauge({ name: 'process_start_time_seconds', help: 'When the process began, in Unix time.' })
    .with()
    .set(Math.round(Date.now() / 1000 - process.uptime()));
  metrics.onCollect(() => {
    const { user, system } = process.cpuUsage();
    cpu.inc((user + system) / 1e6 - cpu.value);
    uptime.set(process.uptime());
  });
}

function sampleLag(metrics: Metrics): () => void {
  const lag = metrics
    .histogram({
      name: 'nodejs_event_loop_lag_seconds',
      help: 'How late a timer fires, sampled twice a second; each request may wait that much longer.',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    })
    .with();
  let expected = performance.now() + LAG_SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - expected) / 1000);
    expected = now + LAG_SAMPLE_MS;
  }, LAG_SAMPLE_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One less than listed: the listing itself holds a descriptor open. */
function countDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    // Only Linux has it; 0 is documented as "not told".
    return 0;
  }
}
