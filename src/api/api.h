/*
 * The api: one table of functions over spans and handles, through which every
 * door goes. A front-end is handed the table and its instance by the app, and
 * does not know whether the HSM is in this process or behind a network.
 *
 * The functions' contracts are those of token/hsm.h and, for their meaning, of
 * the PKCS#11 function that each serves. `hsm` is the implementation's own: this
 * room never looks inside.
 */
#pragma once

#include "token/hsm.h"

#define ASH_API_ABI 1u

struct ash_api {
	uint32_t abi; /* ASH_API_ABI */
	const char *name;

	/* §5.4, §5.5 */
	struct ash_status (*info)(struct ash_hsm *hsm, struct ash_hsm_info *ret_info);
	struct ash_status (*slots)(struct ash_hsm *hsm, bool token_present, uint64_t *ids, size_t cap,
				   size_t *ret_count);
	struct ash_status (*slot_info)(struct ash_hsm *hsm, uint64_t slot, struct ash_slot_info *ret_info);
	struct ash_status (*token_info)(struct ash_hsm *hsm, uint64_t slot, struct ash_token_info *ret_info);
	struct ash_status (*mechanisms)(struct ash_hsm *hsm, uint64_t slot, uint64_t *types, size_t cap,
					size_t *ret_count);
	struct ash_status (*mechanism_info)(struct ash_hsm *hsm, uint64_t slot, uint64_t type,
					    struct ash_mechanism_info *ret_info);
	struct ash_status (*engine)(struct ash_hsm *hsm, size_t n, struct ash_engine_info *ret_info);
	struct ash_status (*init_token)(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					const char label[32]);
	struct ash_status (*make_token)(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					const char label[32]);
	struct ash_status (*delete_token)(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					  bool force);
	struct ash_status (*init_pin)(struct ash_hsm *hsm, ash_handle session, struct ash_span pin);
	struct ash_status (*set_pin)(struct ash_hsm *hsm, ash_handle session, struct ash_span old_pin,
				     struct ash_span new_pin);

	/* Looking after the store */
	struct ash_status (*check_store)(struct ash_hsm *hsm, ash_store_tell *hear, void *context);
	struct ash_status (*compact_store)(struct ash_hsm *hsm, uint64_t *ret_before, uint64_t *ret_after);
	struct ash_status (*backup_store)(struct ash_hsm *hsm, const char *path);

	/* §5.6 */
	struct ash_status (*open_session)(struct ash_hsm *hsm, uint64_t slot, bool read_write,
					  ash_handle *ret_session);
	struct ash_status (*close_session)(struct ash_hsm *hsm, ash_handle session);
	struct ash_status (*close_all_sessions)(struct ash_hsm *hsm, uint64_t slot);
	struct ash_status (*session_info)(struct ash_hsm *hsm, ash_handle session,
					  struct ash_session_info *ret_info);
	struct ash_status (*login)(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
				   struct ash_span pin);
	struct ash_status (*login_user)(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
					struct ash_span pin, struct ash_span name);
	struct ash_status (*logout)(struct ash_hsm *hsm, ash_handle session);

	/* §5.7 */
	struct ash_status (*create_object)(struct ash_hsm *hsm, ash_handle session, struct ash_template given,
					   ash_handle *ret_object);
	struct ash_status (*copy_object)(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					 struct ash_template given, ash_handle *ret_copy);
	struct ash_status (*object_size)(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					 uint64_t *ret_size);
	struct ash_status (*destroy_object)(struct ash_hsm *hsm, ash_handle session, ash_handle object);
	struct ash_status (*get_attributes)(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					    struct ash_attr_query *queries, size_t count);
	struct ash_status (*set_attributes)(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					    struct ash_template given);
	struct ash_status (*find_begin)(struct ash_hsm *hsm, ash_handle session, struct ash_template want);
	struct ash_status (*find_next)(struct ash_hsm *hsm, ash_handle session, ash_handle *objects,
				       size_t cap, size_t *ret_count);
	struct ash_status (*find_end)(struct ash_hsm *hsm, ash_handle session);

	/* §5.8 to §5.13 */
	struct ash_status (*op_init)(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				     const struct ash_mechanism *mechanism, ash_handle key);
	struct ash_status (*op_single)(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				       struct ash_span in, struct ash_out *out);
	struct ash_status (*op_update)(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				       struct ash_span in, struct ash_out *out);
	struct ash_status (*op_final)(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				      struct ash_out *out);
	struct ash_status (*verify_single)(struct ash_hsm *hsm, ash_handle session, struct ash_span in,
					   struct ash_span signature);
	struct ash_status (*verify_final)(struct ash_hsm *hsm, ash_handle session, struct ash_span signature);
	struct ash_status (*digest_key)(struct ash_hsm *hsm, ash_handle session, ash_handle key);
	struct ash_status (*dual_update)(struct ash_hsm *hsm, ash_handle session, enum ash_op first,
					 enum ash_op second, struct ash_span in, struct ash_out *out);
	struct ash_status (*op_save)(struct ash_hsm *hsm, ash_handle session, struct ash_out *state);
	struct ash_status (*op_restore)(struct ash_hsm *hsm, ash_handle session, struct ash_span state,
					ash_handle encryption_key, ash_handle authentication_key);
	struct ash_status (*op_abort)(struct ash_hsm *hsm, ash_handle session, enum ash_op op);

	/* §5.18, §5.21 */
	struct ash_status (*generate_key)(struct ash_hsm *hsm, ash_handle session,
					  const struct ash_mechanism *mechanism, struct ash_template given,
					  ash_handle *ret_key);
	struct ash_status (*generate_pair)(struct ash_hsm *hsm, ash_handle session,
					   const struct ash_mechanism *mechanism,
					   struct ash_template public_given,
					   struct ash_template private_given, ash_handle *ret_public,
					   ash_handle *ret_private);
	struct ash_status (*wrap_key)(struct ash_hsm *hsm, ash_handle session,
				      const struct ash_mechanism *mechanism, ash_handle wrapping_key,
				      ash_handle key, struct ash_out *wrapped);
	struct ash_status (*unwrap_key)(struct ash_hsm *hsm, ash_handle session,
					const struct ash_mechanism *mechanism, ash_handle unwrapping_key,
					struct ash_span wrapped, struct ash_template given,
					ash_handle *ret_key);
	struct ash_status (*derive_key)(struct ash_hsm *hsm, ash_handle session,
					const struct ash_mechanism *mechanism, ash_handle base_key,
					struct ash_template given, ash_handle *ret_key);
	struct ash_status (*encapsulate_key)(struct ash_hsm *hsm, ash_handle session,
					     const struct ash_mechanism *mechanism, ash_handle public_key,
					     struct ash_template given, struct ash_out *ciphertext,
					     ash_handle *ret_key);
	struct ash_status (*decapsulate_key)(struct ash_hsm *hsm, ash_handle session,
					     const struct ash_mechanism *mechanism, ash_handle private_key,
					     struct ash_template given, struct ash_span ciphertext,
					     ash_handle *ret_key);
	struct ash_status (*seed_random)(struct ash_hsm *hsm, ash_handle session, struct ash_span seed);
	struct ash_status (*random)(struct ash_hsm *hsm, ash_handle session, struct ash_mut out);
};
