/* C_GetTokenInfo (PKCS#11 3.2 §5.5.5): what a token says of itself without a login. */
#include "token/slot.h"

struct count_flags {
	uint64_t low, final, locked;
};

static const struct count_flags user_flags = { CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
					       CKF_USER_PIN_LOCKED };
static const struct count_flags so_flags = { CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED };

static uint64_t flags_of(const struct ash_pin_state *state, const struct count_flags *flags)
{
	return (state->tries_left < state->tries_max ? flags->low : 0) |
	       (state->tries_left == 1 ? flags->final : 0) | (state->locked ? flags->locked : 0);
}

/*
 * A PIN whose record is damaged tells so at the login. Here nothing is known of its tries,
 * and all else that the token says of itself is: who looks for a token finds it.
 */
static struct ash_status tries_of(const struct ash_pin_place *place, uint64_t user_type,
				  const struct count_flags *names, uint64_t *flags)
{
	struct ash_pin_state state;
	const struct ash_status status = ash_pin_state(place, user_type, &state);

	if (status.code == ASH_E_CORRUPT)
		return ASH_DONE;
	ASH_TRY(status);
	*flags |= flags_of(&state, names);
	return ASH_DONE;
}

static struct ash_status pin_flags(struct ash_hsm *hsm, struct ash_token *token, uint64_t *flags)
{
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };
	struct ash_status status;

	ASH_TRY(ash_slot_pins(hsm, token, &pins));
	ASH_TRY(tries_of(&pins.place, CKU_SO, &so_flags, flags));
	status = tries_of(&pins.place, CKU_USER, &user_flags, flags);
	if (status.code == ASH_E_NOT_FOUND)
		return ASH_DONE;
	ASH_TRY(status);
	*flags |= CKF_USER_PIN_INITIALIZED;
	return ASH_DONE;
}

struct ash_status ash_hsm_token_info(struct ash_hsm *hsm, uint64_t slot, struct ash_token_info *ret_info)
{
	struct ash_token_info info = {
		.flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_DUAL_CRYPTO_OPERATIONS |
			 CKF_RESTORE_KEY_NOT_NEEDED,
		.pin_min = hsm->options.pin_min,
		.pin_max = ASH_PIN_MAX,
		.hardware_major = hsm->options.version_major,
		.hardware_minor = hsm->options.version_minor,
		.firmware_major = hsm->options.version_major,
		.firmware_minor = hsm->options.version_minor,
	};
	struct ash_token *token = NULL;

	ASH_TRY(ash_slot_token(hsm, slot, &token));
	ash_hsm_pad(info.label, sizeof(info.label), "");
	ash_hsm_pad(info.serial, sizeof(info.serial), "");
	ash_hsm_pad(info.manufacturer, sizeof(info.manufacturer), ASH_MANUFACTURER);
	ash_hsm_pad(info.model, sizeof(info.model), ASH_MODEL);
	if (hsm->store != NULL && !ash_store_writable(hsm->store))
		info.flags |= CKF_WRITE_PROTECTED;
	if (atomic_load(&token->era) != 0) {
		info.flags |= CKF_TOKEN_INITIALIZED;
		ASH_TRY(pin_flags(hsm, token, &info.flags));
		ASH_LOCKED(&token->lock);
		memcpy(info.label, token->label, sizeof(info.label));
		memcpy(info.serial, token->serial, sizeof(info.serial));
		info.sessions = token->sessions;
		info.rw_sessions = token->rw_sessions;
	}
	*ret_info = info;
	return ASH_DONE;
}
