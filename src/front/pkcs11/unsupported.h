/*
 * The functions of the standard that answer CKR_FUNCTION_NOT_SUPPORTED: the one
 * place that says so. A function is on the list when its ASH_LACKS_ macro is
 * defined (as below, always the same); unsupported.c then defines it, from the
 * parameters that <ashlar/pkcs11.h> has of it. tools/check_unsupported.py checks
 * that README.md's list is this one.
 *
 * "partly:" lines name functions that answer as the standard says, and yet do not all of it.
 */
#pragma once

/* 2.40 */
/* partly: C_GetOperationState (digests with SHA-1 and SHA-2, but for SHA-512/t; nothing else) */

/* 3.0 */
#define ASH_LACKS_C_MessageEncryptInit  ~, ASH_LACKING
#define ASH_LACKS_C_EncryptMessage      ~, ASH_LACKING
#define ASH_LACKS_C_EncryptMessageBegin ~, ASH_LACKING
#define ASH_LACKS_C_EncryptMessageNext  ~, ASH_LACKING
#define ASH_LACKS_C_MessageEncryptFinal ~, ASH_LACKING
#define ASH_LACKS_C_MessageDecryptInit  ~, ASH_LACKING
#define ASH_LACKS_C_DecryptMessage      ~, ASH_LACKING
#define ASH_LACKS_C_DecryptMessageBegin ~, ASH_LACKING
#define ASH_LACKS_C_DecryptMessageNext  ~, ASH_LACKING
#define ASH_LACKS_C_MessageDecryptFinal ~, ASH_LACKING
#define ASH_LACKS_C_MessageSignInit     ~, ASH_LACKING
#define ASH_LACKS_C_SignMessage         ~, ASH_LACKING
#define ASH_LACKS_C_SignMessageBegin    ~, ASH_LACKING
#define ASH_LACKS_C_SignMessageNext     ~, ASH_LACKING
#define ASH_LACKS_C_MessageSignFinal    ~, ASH_LACKING
#define ASH_LACKS_C_MessageVerifyInit   ~, ASH_LACKING
#define ASH_LACKS_C_VerifyMessage       ~, ASH_LACKING
#define ASH_LACKS_C_VerifyMessageBegin  ~, ASH_LACKING
#define ASH_LACKS_C_VerifyMessageNext   ~, ASH_LACKING
#define ASH_LACKS_C_MessageVerifyFinal  ~, ASH_LACKING

/* 3.2 */
#define ASH_LACKS_C_VerifySignatureInit       ~, ASH_LACKING
#define ASH_LACKS_C_VerifySignature           ~, ASH_LACKING
#define ASH_LACKS_C_VerifySignatureUpdate     ~, ASH_LACKING
#define ASH_LACKS_C_VerifySignatureFinal      ~, ASH_LACKING
#define ASH_LACKS_C_GetSessionValidationFlags ~, ASH_LACKING
#define ASH_LACKS_C_AsyncComplete             ~, ASH_LACKING
#define ASH_LACKS_C_AsyncGetID                ~, ASH_LACKING
#define ASH_LACKS_C_AsyncJoin                 ~, ASH_LACKING
#define ASH_LACKS_C_WrapKeyAuthenticated      ~, ASH_LACKING
#define ASH_LACKS_C_UnwrapKeyAuthenticated    ~, ASH_LACKING

/*
 * ASH_FOR_LACKING(name, parameters) is ASH_LACKING(name, parameters) for a function
 * on the list and nothing for others; to be given to CK_FUNCTIONS_2_40 and its
 * like. Whoever uses it defines ASH_LACKING.
 */
#define ASH_LACKS_NOTHING(name, parameters)
#define ASH_LACKS_SECOND(first, second, ...) second
#define ASH_LACKS_PICK(...)                  ASH_LACKS_SECOND(__VA_ARGS__, ASH_LACKS_NOTHING, ~)
#define ASH_FOR_LACKING(name, parameters)    ASH_LACKS_PICK(ASH_LACKS_##name)(name, parameters)
