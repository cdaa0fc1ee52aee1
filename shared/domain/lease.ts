/**
 * How long a processor holds a reduction without being heard, where `lease_seconds` says nothing else. Every function that keeps or
 * reaps leases must be told the same length.
 */
export const usualLeaseSeconds = 60

/** A heart beats every two seconds: with less than this, one that stumbles twice loses what it holds. */
export const shortestLeaseSeconds = 5
