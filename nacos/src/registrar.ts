import type { ServiceKey } from './instance.ts';

/** An ephemeral instance that is registered for somebody else. */
export interface Registration {
  readonly service: ServiceKey;
  readonly ip: string;
  readonly port: number;
  readonly cluster: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Registers instances with one Nacos namespace and keeps them alive by beats. Not over a connection of its own, whose end would
 * take all of them out at once: another process can take over within the 15 s that a server waits for a beat.
 */
export interface Registrar {
  /** From now on exactly these are registered and kept alive; others of before are deregistered. Tries again until it is so. */
  keep(registrations: readonly Registration[]): void;
  /** Takes this one out and resolves when the server has said that it is gone. Rejects with a NacosError. */
  withdraw(registration: Registration): Promise<void>;
  /** Stops the beats and leaves everything as it is: somebody else goes on. */
  release(): void;
  /** What could not be registered and why, as sentences. */
  problems(): readonly string[];
  /** Ends within a second; like `release`, it deregisters nothing. */
  close(): Promise<void>;
}
