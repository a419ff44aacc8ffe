// SPDX-License-Identifier: Apache-2.0
import java.security.AlgorithmParameters;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.TreeMap;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Uses every service that SunPKCS11 offers over the token and compares it with Java's own
 * providers. A line for each: "good TYPE NAME" or "bad TYPE NAME: why".
 *
 * usage: java Every.java CONFIGURATION PIN-FILE
 */
public class Every {
    static final byte[] TEXT = "What Java's own providers make of this, the token must make, too.".getBytes();
    static Provider token;
    static KeyStore store;
    static KeyPair rsa, ec;

    public static void main(String[] words) throws Exception {
        token = Security.getProvider("SunPKCS11").configure(words[0]);
        String pin = new String(java.nio.file.Files.readAllBytes(java.nio.file.Path.of(words[1]))).trim();
        store = KeyStore.getInstance("PKCS11", token);
        store.load(null, pin.toCharArray());
        rsa = pair("RSA", 2048, null);
        ec = pair("EC", 0, "secp256r1");

        TreeMap<String, Provider.Service> services = new TreeMap<>();
        for (Provider.Service service : token.getServices())
            services.put(service.getType() + " " + service.getAlgorithm(), service);
        for (String name : services.keySet()) {
            Provider.Service service = services.get(name);
            report(name, () -> use(service.getType(), service.getAlgorithm()));
        }
        report("Cipher AES/GCM/NoPadding in parts", Every::gcmInParts);
    }

    interface Trial {
        void run() throws Exception;
    }

    static void report(String name, Trial trial) {
        try {
            trial.run();
            System.out.println("good " + name);
        } catch (Throwable problem) {
            while (problem.getCause() != null)
                problem = problem.getCause();
            System.out.println("bad " + name + ": " + problem);
        }
    }

    static void use(String type, String name) throws Exception {
        switch (type) {
            case "AlgorithmParameters": parameters(name); break;
            case "Cipher": if (name.startsWith("RSA")) rsaCipher(name); else aesCipher(name); break;
            case "KeyAgreement": agreement(name); break;
            case "KeyFactory": keyFactory(name); break;
            case "KeyGenerator": generator(name); break;
            case "KeyPairGenerator": pairs(name); break;
            case "KeyStore": want(store.getProvider() == token, "another provider's store"); break;
            case "Mac": mac(name); break;
            case "MessageDigest": digest(name); break;
            case "SecretKeyFactory": secretKeyFactory(name); break;
            case "SecureRandom": random(name); break;
            case "Signature": signature(name); break;
            default: throw new Exception("nothing is known of this type");
        }
    }

    static void want(boolean good, String problem) throws Exception {
        if (!good)
            throw new Exception(problem);
    }

    static void same(byte[] wanted, byte[] got) throws Exception {
        want(Arrays.equals(wanted, got), "wanted " + Arrays.toString(wanted) + ", got " + Arrays.toString(got));
    }

    static KeyPair pair(String algorithm, int bits, String curve) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, token);
        if (curve == null)
            generator.initialize(bits);
        else
            generator.initialize(new ECGenParameterSpec(curve));
        return generator.generateKeyPair();
    }

    /** The public key as another provider has it. */
    static PublicKey outside(PublicKey key) throws Exception {
        String owner = key.getAlgorithm().equals("RSA") ? "SunRsaSign" : "SunEC";
        return KeyFactory.getInstance(key.getAlgorithm(), owner)
            .generatePublic(new X509EncodedKeySpec(key.getEncoded()));
    }

    static void parameters(String name) throws Exception {
        AlgorithmParameters parameters = AlgorithmParameters.getInstance(name, token);
        AlgorithmParameterSpec spec = name.equals("EC") ? new ECGenParameterSpec("secp384r1")
                                                        : new GCMParameterSpec(128, new byte[12]);
        parameters.init(spec);
        want(parameters.getEncoded().length > 0, "no encoding");
    }

    static void aesCipher(String name) throws Exception {
        String[] parts = name.split("/");
        int bits = parts[0].contains("_") ? Integer.parseInt(parts[0].substring(4)) : 256;
        SecretKey key = new SecretKeySpec(new byte[bits / 8], "AES");
        byte[] text = parts[2].equals("NoPadding") ? Arrays.copyOf(TEXT, 48) : TEXT;
        AlgorithmParameterSpec spec = parts[1].equals("ECB") ? null
            : parts[1].equals("GCM") ? new GCMParameterSpec(128, Arrays.copyOf(TEXT, 12))
            : new IvParameterSpec(Arrays.copyOf(TEXT, 16));
        Cipher inside = Cipher.getInstance(name, token), outside = Cipher.getInstance(name, "SunJCE");

        outside.init(Cipher.ENCRYPT_MODE, key, spec);
        byte[] wanted = outside.doFinal(text);
        inside.init(Cipher.ENCRYPT_MODE, key, spec);
        if (parts[1].equals("GCM")) // in parts, SunPKCS11 loses what doFinal was given: see main
            same(wanted, inside.doFinal(text));
        else
            same(wanted, join(inside.update(text, 0, 20), inside.doFinal(text, 20, text.length - 20)));
        inside.init(Cipher.DECRYPT_MODE, key, spec);
        same(text, inside.doFinal(wanted));
    }

    static void gcmInParts() throws Exception {
        SecretKey key = new SecretKeySpec(new byte[32], "AES");
        GCMParameterSpec spec = new GCMParameterSpec(128, new byte[12]);
        Cipher inside = Cipher.getInstance("AES/GCM/NoPadding", token);
        inside.init(Cipher.ENCRYPT_MODE, key, spec);
        byte[] first = inside.update(TEXT, 0, 20), rest = inside.doFinal(TEXT, 20, TEXT.length - 20);
        want(join(first, rest).length == TEXT.length + 16, "the end of the text is lost");
    }

    static byte[] join(byte[] first, byte[] rest) {
        if (first == null)
            return rest;
        byte[] whole = Arrays.copyOf(first, first.length + rest.length);
        System.arraycopy(rest, 0, whole, first.length, rest.length);
        return whole;
    }

    static void rsaCipher(String name) throws Exception {
        byte[] text = TEXT;
        if (name.endsWith("NoPadding")) {
            text = new byte[256];
            System.arraycopy(TEXT, 0, text, 100, TEXT.length);
        }
        Cipher outside = Cipher.getInstance(name, "SunJCE"), inside = Cipher.getInstance(name, token);
        outside.init(Cipher.ENCRYPT_MODE, outside(rsa.getPublic()));
        inside.init(Cipher.DECRYPT_MODE, rsa.getPrivate());
        same(text, inside.doFinal(outside.doFinal(text)));
        inside.init(Cipher.ENCRYPT_MODE, rsa.getPublic());
        byte[] sealed = inside.doFinal(text);
        inside.init(Cipher.DECRYPT_MODE, rsa.getPrivate());
        same(text, inside.doFinal(sealed));
    }

    static void agreement(String name) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "SunEC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair peer = generator.generateKeyPair();
        KeyAgreement inside = KeyAgreement.getInstance(name, token), outside = KeyAgreement.getInstance(name, "SunEC");
        inside.init(ec.getPrivate());
        inside.doPhase(peer.getPublic(), true);
        outside.init(peer.getPrivate());
        outside.doPhase(outside(ec.getPublic()), true);
        same(outside.generateSecret(), inside.generateSecret());
    }

    static void keyFactory(String name) throws Exception {
        PublicKey key = name.equals("RSA") ? rsa.getPublic() : ec.getPublic();
        PublicKey inside = (PublicKey) KeyFactory.getInstance(name, token).translateKey(outside(key));
        same(key.getEncoded(), inside.getEncoded());
    }

    static void generator(String name) throws Exception {
        SecretKey key = KeyGenerator.getInstance(name, token).generateKey();
        want(key != null && key.getAlgorithm().length() > 0, "no key");
        if (!name.equals("AES") && !name.equals("HmacMD5")) // the token has no MD5: such a key is but a secret
            Mac.getInstance(name, token).init(key);
    }

    static void pairs(String name) throws Exception {
        if (name.equals("RSA")) {
            want(((RSAPublicKey) pair("RSA", 3072, null).getPublic()).getModulus().bitLength() == 3072, "not of this size");
            return;
        }
        for (String curve : new String[] {"secp224r1", "secp256r1", "secp384r1", "secp521r1"})
            want(((ECPublicKey) pair("EC", 0, curve).getPublic()).getW() != null, curve);
    }

    static void mac(String name) throws Exception {
        SecretKey key = new SecretKeySpec(Arrays.copyOf(TEXT, 32), name);
        Mac inside = Mac.getInstance(name, token), outside = Mac.getInstance(name, "SunJCE");
        inside.init(key);
        outside.init(key);
        inside.update(TEXT, 0, 7);
        inside.update(TEXT, 7, TEXT.length - 7);
        same(outside.doFinal(TEXT), inside.doFinal());
    }

    static void digest(String name) throws Exception {
        MessageDigest inside = MessageDigest.getInstance(name, token), outside = MessageDigest.getInstance(name, "SUN");
        inside.update(TEXT, 0, 7);
        inside.update(TEXT, 7, TEXT.length - 7);
        same(outside.digest(TEXT), inside.digest());
    }

    static void secretKeyFactory(String name) throws Exception {
        SecretKey outer = new SecretKeySpec(new byte[32], name);
        Cipher inside = Cipher.getInstance("AES/ECB/NoPadding", token), outside = Cipher.getInstance("AES/ECB/NoPadding", "SunJCE");
        inside.init(Cipher.ENCRYPT_MODE, SecretKeyFactory.getInstance(name, token).translateKey(outer));
        outside.init(Cipher.ENCRYPT_MODE, outer);
        same(outside.doFinal(new byte[16]), inside.doFinal(new byte[16]));
    }

    static void random(String name) throws Exception {
        byte[] some = new byte[64], more = new byte[64];
        SecureRandom random = SecureRandom.getInstance(name, token);
        random.nextBytes(some);
        random.nextBytes(more);
        want(!Arrays.equals(some, more), "the same twice");
    }

    static void signature(String name) throws Exception {
        boolean ecdsa = name.contains("ECDSA");
        PrivateKey key = ecdsa ? ec.getPrivate() : rsa.getPrivate();
        PublicKey inner = ecdsa ? ec.getPublic() : rsa.getPublic(), outer = outside(inner);
        byte[] text = name.startsWith("NONE") ? Arrays.copyOf(TEXT, 32) : TEXT;
        Signature inside = Signature.getInstance(name, token);
        AlgorithmParameterSpec spec = null;
        if (name.contains("PSS")) {
            String hash = name.contains("with") ? name.split("with")[0].replaceFirst("^SHA(\\d{3})", "SHA-$1") : "SHA-256";
            int length = MessageDigest.getInstance(hash).getDigestLength();
            spec = new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), length, 1);
            inside.setParameter(spec);
        }
        inside.initSign(key);
        inside.update(text);
        byte[] made = inside.sign();
        inside.initVerify(inner);
        inside.update(text);
        want(inside.verify(made), "the token does not verify what it signed");
        outside(name, spec, outer, text, made);
    }

    static void outside(String name, AlgorithmParameterSpec spec, PublicKey key, byte[] text, byte[] made)
        throws Exception {
        if (name.equals("NONEwithRSA")) {
            Cipher open = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE");
            open.init(Cipher.DECRYPT_MODE, key);
            same(text, open.doFinal(made));
            return;
        }
        Signature check = Signature.getInstance(spec == null ? name : "RSASSA-PSS",
            name.contains("ECDSA") ? "SunEC" : "SunRsaSign");
        if (spec != null)
            check.setParameter(spec);
        check.initVerify(key);
        check.update(text);
        want(check.verify(made), "Java's own provider does not verify what the token signed");
    }
}
