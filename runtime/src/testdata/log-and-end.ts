import { createLogger } from '../log.ts';

const log = createLogger({ level: 'info', name: 'demo' });
for (let number = 0; number < 5000; number++) log.info({ number }, 'counted');
if (process.argv[2] === 'throw') throw new Error('the end');
process.exit(0);
