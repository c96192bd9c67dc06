/** How many seats a priority level has: at how many requests at once it may work, wide ones counting more. */
export interface SeatLimits {
  /** Its share of the server. */
  nominal: number;
  /** Of its share, what others may use while it does not. */
  lendable: number;
  /** Beyond its share, what it may use of the others'. */
  borrowable: number;
}

export interface SeatUser extends SeatLimits {
  inUse: number;
}

export interface Shares {
  shares: number;
  lendablePercent: number;
  /** Undefined: no limit. */
  borrowingLimitPercent: number | undefined;
}

/** Shares out the server's seats in proportion, rounded up, as Kubernetes does. */
export function seatLimits(totalSeats: number, levels: readonly Shares[]): SeatLimits[] {
  const sum = levels.reduce((total, { shares }) => total + shares, 0);
  return levels.map(({ shares, lendablePercent, borrowingLimitPercent }) => {
    const nominal = sum === 0 ? 0 : Math.ceil((totalSeats * shares) / sum);
    return {
      nominal,
      lendable: Math.round((nominal * lendablePercent) / 100),
      borrowable: borrowingLimitPercent === undefined ? Infinity : Math.round((nominal * borrowingLimitPercent) / 100),
    };
  });
}

/**
 * Whether `level` may take so many seats more. Kubernetes moves limits about every ten seconds; here a seat is lent when it is asked
 * for and comes back when the borrower's request is over. What a level does not lend is its own at any time.
 */
export function hasRoom(levels: readonly SeatUser[], level: SeatUser, width: number): boolean {
  const after = level.inUse + width;
  if (after <= level.nominal - level.lendable) return true;
  if (after > level.nominal + level.borrowable) return false;
  let lendable = 0;
  let borrowed = 0;
  for (const other of levels) {
    const inUse = other === level ? after : other.inUse;
    if (inUse > other.nominal) borrowed += inUse - other.nominal;
    else lendable += Math.min(other.lendable, other.nominal - inUse);
  }
  return borrowed <= lendable;
}
