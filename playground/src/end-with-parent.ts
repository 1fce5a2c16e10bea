/**
 * Preloaded into every process of the playground (`--import`): ends it when the playground is gone, however that came about.
 * The channel to the parent closes with the parent, even when that was killed and could tell nobody.
 */
const GRACE_MS = 1_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), GRACE_MS).unref();
});
process.channel?.unref();
