import type { Log } from '@lanekeeper/runtime/log';
import type { AccessToken } from './access-token.ts';

/** What each client of a Nacos server is given. */
export interface ClientDependencies {
  readonly log: Log;
  /** One for all clients of a server; whoever made it closes it. Absent: the client logs in by itself. */
  readonly token?: AccessToken;
}
