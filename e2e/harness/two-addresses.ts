// Loaded before a program: `localhost` has two addresses, as the name of a headless Service has one for each replica.
import { promises as dns } from 'node:dns';

const { lookup } = dns;
const BOTH = [
  { address: '127.0.0.1', family: 4 },
  { address: '127.0.0.2', family: 4 },
];

Object.assign(dns, {
  lookup: (host: string, options: object) =>
    host === 'localhost' ? Promise.resolve(BOTH) : lookup(host, options),
});
