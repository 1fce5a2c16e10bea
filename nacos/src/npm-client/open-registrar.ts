import type { ClientDependencies } from '../client-dependencies.ts';
import { createNacosApi } from '../http/nacos-api.ts';
import { tokenFor } from '../http/token-for.ts';
import { NacosError } from '../nacos-error.ts';
import type { Registrar, Registration } from '../registrar.ts';
import type { ServerOptions } from '../server-options.ts';
import { RegistrationSession } from './registration-session.ts';
import { createTroubles, type Troubles } from './troubles.ts';

/** Beats of 1,000 instances over so many connections take a fraction of a second. */
const MAX_CONNECTIONS = 16;

/** Registers instances with the npm package `nacos` over requests of our own (ADR 12). The package is loaded when it is first used. */
export function openRegistrar(options: ServerOptions, dependencies: ClientDependencies): Registrar {
  return new NpmRegistrar(options, dependencies);
}

class NpmRegistrar implements Registrar {
  readonly #options: ServerOptions;
  readonly #dependencies: ClientDependencies;
  readonly #token: ReturnType<typeof tokenFor>;
  #troubles: Troubles;
  #session: RegistrationSession | undefined;
  #isClosed = false;

  constructor(options: ServerOptions, dependencies: ClientDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#token = tokenFor(options, dependencies);
    this.#troubles = this.#newTroubles();
  }

  keep(registrations: readonly Registration[]): void {
    if (!this.#isClosed) this.#current().keep(registrations);
  }

  async withdraw(registration: Registration): Promise<void> {
    if (this.#isClosed) throw new NacosError('nacos_closed', 'this Nacos registrar has been closed');
    await this.#current().withdraw(registration);
  }

  release(): void {
    this.#session?.end();
    this.#session = undefined;
    this.#troubles = this.#newTroubles();
  }

  problems(): readonly string[] {
    return this.#troubles.sentences();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.release();
    this.#token.release();
  }

  #current(): RegistrationSession {
    this.#session ??= new RegistrationSession({
      ...{ namespace: this.#options.namespace, log: this.#dependencies.log, troubles: this.#troubles },
      api: createNacosApi(this.#options, { token: this.#token, maxConnections: MAX_CONNECTIONS }),
    });
    return this.#session;
  }

  #newTroubles(): Troubles {
    const { name, namespace } = this.#options;
    return createTroubles({
      log: this.#dependencies.log,
      fields: { registry: name, namespace },
      events: { begin: 'nacos_registration_failing', end: 'nacos_registration_well' },
    });
  }
}
