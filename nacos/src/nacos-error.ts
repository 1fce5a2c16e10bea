export type NacosErrorCode =
  /** No server answers. */
  | 'nacos_unreachable'
  /** It did not answer in time. */
  | 'nacos_timeout'
  /** User or password is wrong. */
  | 'nacos_credentials_refused'
  /** The user may not do this. */
  | 'nacos_not_permitted'
  /** The server said no, in its own words. */
  | 'nacos_refused'
  /** What it answered is not what the protocol says. */
  | 'nacos_answer_malformed'
  /** This client has been closed. */
  | 'nacos_closed';

/** What went wrong with a Nacos server. The message names server and user, never a password or token; so does every cause. */
export class NacosError extends Error {
  readonly code: NacosErrorCode;

  constructor(code: NacosErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NacosError';
    this.code = code;
  }
}
