package io.lanekeeper.playground;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.SslStoreProvider;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.server.ConfigurableServletWebServerFactory;
import org.springframework.context.annotation.Configuration;

/**
 * The HTTP port over TLS with the PEM files that the gRPC ports are given (nacos.remote.server.rpc.tls.*): Spring Boot 2.6 itself
 * reads key stores only.
 */
@Configuration
@ConditionalOnProperty("lanekeeper.http.tls.certificate")
public class HttpTls implements WebServerFactoryCustomizer<ConfigurableServletWebServerFactory>, SslStoreProvider {
  private static final String NO_PASSWORD = "";

  private final Path certificate;
  private final Path key;

  public HttpTls(
      @Value("${lanekeeper.http.tls.certificate}") Path certificate, @Value("${lanekeeper.http.tls.key}") Path key) {
    this.certificate = certificate;
    this.key = key;
  }

  @Override
  public void customize(ConfigurableServletWebServerFactory factory) {
    Ssl ssl = new Ssl();
    ssl.setKeyPassword(NO_PASSWORD);
    factory.setSsl(ssl);
    factory.setSslStoreProvider(this);
  }

  @Override
  public KeyStore getKeyStore() throws GeneralSecurityException, IOException {
    Collection<? extends Certificate> chain =
        CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(Files.readAllBytes(certificate)));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server", readKey(), NO_PASSWORD.toCharArray(), chain.toArray(new Certificate[0]));
    return store;
  }

  @Override
  public KeyStore getTrustStore() {
    return null;
  }

  private PrivateKey readKey() throws GeneralSecurityException, IOException {
    String base64 = Files.readString(key).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64));
    try {
      return KeyFactory.getInstance("EC").generatePrivate(encoded);
    } catch (InvalidKeySpecException notElliptic) {
      return KeyFactory.getInstance("RSA").generatePrivate(encoded);
    }
  }
}
