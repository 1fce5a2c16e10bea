/** Header fields of a message by lower-case name; repeated ones are joined with `, ` (RFC 9110 section 5.2), `cookie` with `; `. */
export interface HeaderReader {
  get(name: string): string | undefined;
}

/**
 * A request's head, neutral to the protocol version. The driver has checked it: one unambiguous authority (Host, `:authority`
 * and an absolute-form target agree), a framing that has one reading. Nothing downstream looks at the raw message again.
 */
export interface RequestHead {
  readonly protocol: 'http/1.0' | 'http/1.1' | 'h2';
  readonly method: string;
  /** `host` or `host:port`, lower-case; empty for an HTTP/1.0 request without Host. */
  readonly authority: string;
  /** Path and query, as received. */
  readonly path: string;
  readonly headers: HeaderReader;
}

/**
 * One change to a header block: all fields of `name` (lower-case) go; then, unless `value` is null, one with it comes. With `append`
 * what is there stays and one more comes (`set-cookie`).
 */
export interface HeaderEdit {
  readonly name: string;
  readonly value: string | null;
  readonly append?: true;
}
