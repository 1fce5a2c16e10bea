import type { Layout } from './layout.ts';

export async function collect(layout: Layout): Promise<string> {
  return layout.folder;
}
