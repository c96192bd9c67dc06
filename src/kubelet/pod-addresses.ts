import { KeelsonError } from '../base/index.ts';

/** Gives pods addresses of one IPv4 block, each to one pod at a time, the longest unused first. */
export class PodAddresses {
  readonly #first: number;
  readonly #count: number;
  readonly #used = new Map<string, string>();
  #next = 0;

  /** `cidr` such as `127.1.2.0/24`. The block's first two addresses and its last one are not given out. */
  constructor(cidr: string) {
    const [address, bits] = cidr.split('/');
    const size = 2 ** (32 - Number(bits));
    const base = Math.floor(toNumber(address!) / size) * size;
    this.#first = base + 2;
    this.#count = size - 3;
    if (!(this.#count > 0)) throw new KeelsonError('CIDR_TOO_SMALL', `podCIDR ${cidr} has no addresses for pods`);
  }

  /** Notes that a pod found running has that address. */
  adopt(address: string, podUid: string): void {
    this.#used.set(address, podUid);
    const offset = toNumber(address) - this.#first;
    if (offset >= this.#next && offset < this.#count) this.#next = (offset + 1) % this.#count;
  }

  /** The pod's address: the same as before, if it has one. Throws ADDRESSES_EXHAUSTED. */
  allocate(podUid: string): string {
    for (const [address, owner] of this.#used) if (owner === podUid) return address;
    for (let tried = 0; tried < this.#count; tried++) {
      const address = toText(this.#first + this.#next);
      this.#next = (this.#next + 1) % this.#count;
      if (this.#used.has(address)) continue;
      this.#used.set(address, podUid);
      return address;
    }
    throw new KeelsonError('ADDRESSES_EXHAUSTED', 'all addresses of the podCIDR are in use');
  }

  release(podUid: string): void {
    for (const [address, owner] of this.#used) if (owner === podUid) this.#used.delete(address);
  }
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
