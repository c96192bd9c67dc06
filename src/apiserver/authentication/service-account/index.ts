export { claimsForSecret, serviceAccountAuthenticator } from './authenticator.ts';
export { type PrivateClaims, type Reference, serviceAccountUserName, type TokenClaims } from './claims.ts';
export { type ServiceAccountTokens, serviceAccountTokens } from './tokens.ts';
