import { createLogger } from '../log.ts';

const log = createLogger({ level: 'info', name: 'demo' });
const filler = 'x'.repeat(1000);
let rounds = 0;
// Across turns of the event loop, so that a write that blocks would stop the rounds.
const writer = setInterval(() => {
  for (let line = 0; line < 100; line++) log.info({ filler }, 'filled');
  rounds += 1;
  if (rounds < 100) return;
  clearInterval(writer);
  process.send?.({ rounds });
}, 0);
