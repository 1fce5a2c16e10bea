import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What issue 5 asks for. */
export const FLEET = { services: 1_000, instancesOfService: 10 } as const;

/** How many registrations are under way at a time: more does not make a server of two cores faster. */
const AT_ONCE = 8;
/** The last instances of each service carry a lane. */
const GRAY_INSTANCES = 2;
/** Nobody sends their beats: they are to outlive the benchmark. */
const UNATTENDED = {
  'preserved.heart.beat.timeout': '3600000',
  'preserved.ip.delete.timeout': '3600000',
};

export interface FleetInstance {
  readonly service: number;
  readonly number: number;
  /** What a change changes. */
  readonly revision?: number;
}

export function fleetService(index: number): string {
  return `service-${index}`;
}

export function fleetAddress({ service, number }: FleetInstance): string {
  const at = service * FLEET.instancesOfService + number;
  return `10.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
}

/** Registers ephemeral instances over HTTP, as clients of Nacos 1 do: those of a gRPC connection would need one for each ten. */
export class Fleet {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  constructor(port: number) {
    this.#port = port;
  }

  async fill(): Promise<void> {
    const all = FLEET.services * FLEET.instancesOfService;
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < all; at = next++) {
        const service = at % FLEET.services;
        await this.register({ service, number: Math.floor(at / FLEET.services) });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Again with another revision: a change of its metadata, which also moves it into the lane or out of it. */
  async register(instance: FleetInstance): Promise<void> {
    const { service, number, revision = 0 } = instance;
    const isGray = number >= FLEET.instancesOfService - GRAY_INSTANCES !== (revision % 2 === 1);
    const metadata = { ...UNATTENDED, ...(isGray ? { 'lanekeeper.io/lane': 'gray' } : {}) };
    const query = new URLSearchParams({
      serviceName: fleetService(service),
      ip: fleetAddress(instance),
      port: '8080',
      metadata: JSON.stringify(metadata),
    });
    const answer = await this.#post(`/nacos/v1/ns/instance?${query.toString()}`);
    if (answer !== 'ok') throw new Error(`Nacos did not take an instance: ${answer}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, method: 'POST', agent: this.#agent, path };
      const call = request(options, (response) => void text(response).then(resolve, reject));
      call.on('error', reject);
      call.end();
    });
  }
}
