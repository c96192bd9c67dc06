export { type OidcOptions, oidcAuthenticator } from './authenticator.ts';
