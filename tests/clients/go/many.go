// SPDX-License-Identifier: Apache-2.0

// Eight goroutines sign and encrypt at once, each in a session of its own, with keys that all share.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"sync"
	"sync/atomic"

	"github.com/miekg/pkcs11"
)

const workers, rounds = 8, 50

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func generateAES(module *pkcs11.Ctx, session pkcs11.SessionHandle) pkcs11.ObjectHandle {
	key, err := module.GenerateKey(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32),
			pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true),
			pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		})
	must(err)
	return key
}

func find(module *pkcs11.Ctx, session pkcs11.SessionHandle, class uint) pkcs11.ObjectHandle {
	must(module.FindObjectsInit(session, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_LABEL, "go"),
	}))
	found, _, err := module.FindObjects(session, 1)
	must(err)
	must(module.FindObjectsFinal(session))
	return found[0]
}

func main() {
	var signatures, ciphertexts int64
	var group sync.WaitGroup

	module := pkcs11.New(os.Getenv("MODULE"))
	must(module.Initialize())
	slots, err := module.GetSlotList(true)
	must(err)
	first, err := module.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION)
	must(err)
	pin, err := os.ReadFile("user.pin")
	must(err)
	must(module.Login(first, pkcs11.CKU_USER, string(pin)))
	private, public, aes := find(module, first, pkcs11.CKO_PRIVATE_KEY), find(module, first, pkcs11.CKO_PUBLIC_KEY), generateAES(module, first)

	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			session, err := module.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION)
			must(err)
			text := bytes.Repeat([]byte{byte(worker)}, 32)
			for round := 0; round < rounds; round++ {
				ecdsa := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}
				must(module.SignInit(session, ecdsa, private))
				signature, err := module.Sign(session, text)
				must(err)
				must(module.VerifyInit(session, ecdsa, public))
				must(module.Verify(session, text, signature))
				atomic.AddInt64(&signatures, 1)

				gcm := pkcs11.NewGCMParams(text[:12], nil, 128)
				must(module.EncryptInit(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, gcm)}, aes))
				sealed, err := module.Encrypt(session, text)
				must(err)
				must(module.DecryptInit(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, gcm)}, aes))
				opened, err := module.Decrypt(session, sealed)
				must(err)
				gcm.Free()
				if !bytes.Equal(opened, text) {
					log.Fatal("another text came back")
				}
				atomic.AddInt64(&ciphertexts, 1)
			}
			must(module.CloseSession(session))
		}(worker)
	}
	group.Wait()
	must(module.Finalize())
	fmt.Printf("signatures %d, ciphertexts %d\n", signatures, ciphertexts)
}
