import { type authenticationv1, errors } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import type { TokenAuthenticator } from '../authentication/types.ts';
import { type Review, reviewedUser, specOf } from './review.ts';

/** TokenReview: whose token is this, and is it meant for whom asks? */
export function tokenReview(tokens: TokenAuthenticator, apiAudiences: readonly string[]): Review {
  return async (object) => {
    const { token = '', audiences = [] } = specOf<authenticationv1.TokenReviewSpec>(object);
    if (token === '') throw errors.badRequest('token is required for TokenReview in authentication');
    try {
      const identity = await tokens.authenticateToken(token, audiences.length > 0 ? audiences : apiAudiences);
      if (identity === undefined) return { user: {}, error: 'invalid bearer token' };
      return { authenticated: true, user: reviewedUser(identity.user), audiences: identity.audiences };
    } catch (error) {
      return { user: {}, error: `[invalid bearer token, ${errorMessage(error)}]` };
    }
  };
}
