import { readFileSync } from 'node:fs';

/**
 * The page for people. In the bundle this file's URL is the bundle's, and esbuild has put the page in as text (scripts/build.mjs,
 * `loader`); run from source, where Node cannot import HTML, it is read from beside this file.
 */
export const PAGE: string = import.meta.url.endsWith('.ts')
  ? readFileSync(new URL('./page.html', import.meta.url), 'utf8')
  : (await import('./page.html')).default;
