/**
 * The token that a server with `nacos.core.auth.enabled` wants with every request (`accessToken`), got with user and password and
 * renewed before it ends.
 */
export interface AccessToken {
  /** The token to use now; undefined: there are no credentials, or the server has no such thing. Rejects with a NacosError. */
  current(): Promise<string | undefined>;
  /** The server refused it: the next `current` logs in anew, not sooner than the back-off allows (at most every 30 s in the end). */
  refused(token: string | undefined): void;
  close(): void;
}
