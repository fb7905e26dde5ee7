/** Properties of SDK errors after the SDK's own retries. */
export type ServiceErrorOptions = {
  name: string;
  message: string;
  $fault: 'client' | 'server';
  $metadata: { httpStatusCode: number; requestId: string; attempts: number; totalRetryDelay: number };
};

export function serviceErrorOptions(name: string, message: string, httpStatusCode = 400): ServiceErrorOptions {
  return {
    name,
    message,
    $fault: httpStatusCode >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode, requestId: 'fake', attempts: 1, totalRetryDelay: 0 },
  };
}

function serviceError(name: string, message: string, httpStatusCode: number): Error {
  return Object.assign(new Error(message), serviceErrorOptions(name, message, httpStatusCode));
}

// Ready-made faults. The fakes replace the whole client, so each stands for the error that is left after its retries.

export function connectionRefused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4566'), {
    code: 'ECONNREFUSED',
    errno: -111,
    syscall: 'connect',
    address: '127.0.0.1',
    port: 4566,
    $metadata: { attempts: 3, totalRetryDelay: 150 },
  });
}

/** The connection broke. The call may have been applied. */
export function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), {
    code: 'ECONNRESET',
    $metadata: { attempts: 1, totalRetryDelay: 0 },
  });
}

export function timedOut(): Error {
  return Object.assign(new Error('the request did not complete within requestTimeout'), {
    name: 'TimeoutError',
    $metadata: { attempts: 1, totalRetryDelay: 0 },
  });
}

export function throttled(): Error {
  return Object.assign(serviceError('ThrottlingException', 'Rate exceeded', 400), { $retryable: { throttling: true } });
}

export function internalServerError(): Error {
  return serviceError('InternalServerError', 'Internal server error', 500);
}

export function accessDenied(): Error {
  return serviceError('AccessDeniedException', 'User is not authorized to perform this action', 400);
}

export function kmsAccessDenied(): Error {
  return serviceError('KmsAccessDenied', 'The ciphertext refers to a key that is not accessible', 400);
}

/** The SDK's error for an aborted call. */
export function aborted(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' });
}
