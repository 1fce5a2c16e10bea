/** One configuration of a Nacos namespace. */
export interface ConfigKey {
  readonly dataId: string;
  readonly group: string;
}

/** Follows configurations of one Nacos namespace. */
export interface ConfigClient {
  /** `listener` gets the content now and after each change; undefined: there is none (any more). In an outage it hears nothing. */
  follow(key: ConfigKey, listener: (content: string | undefined) => void): () => void;
  /** Why what was told may be old, as sentences; empty: it is not. */
  problems(): readonly string[];
  /** For how many milliseconds all that was asked has been answered; 0: it is not. Infinity: it always was. */
  steadyForMs(): number;
  /** Ends within a second. */
  close(): Promise<void>;
}
