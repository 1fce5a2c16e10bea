/** What stands at one place of a document. */
export type TreeNode =
  | { readonly kind: 'scalar'; readonly value: unknown; readonly source: string; readonly isPlain: boolean }
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: unknown, value: unknown])[] };

/** How decoders see a parsed document, whatever parsed it. */
export interface Tree {
  read(node: unknown): TreeNode;
  /** ` (12:9)`, line and column; nothing for what has no place. */
  place(node: unknown): string;
}
