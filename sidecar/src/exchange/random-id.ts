import { randomFillSync } from 'node:crypto';

/** Random bytes are drawn by the page: a call for each id costs more than all else of a span. */
const page = Buffer.alloc(4096);
let used = page.length;

/** Never all zero, which the specification calls invalid. */
export function randomId(bytes: number): string {
  if (used + bytes > page.length) {
    randomFillSync(page);
    used = 0;
  }
  const id = page.toString('hex', used, used + bytes);
  used += bytes;
  return /[1-9a-f]/.test(id) ? id : randomId(bytes);
}
