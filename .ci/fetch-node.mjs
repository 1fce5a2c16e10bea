// Prints the path of the Node pinned in toolchain/<name>, fetched into .cache/ where it is not there yet.
import { fetchNode, withLock } from '../scripts/setup.mjs';

const name = process.argv[2];
process.stdout.write(`${await withLock(() => fetchNode(name, 'for the cross-check of CI'))}\n`);
